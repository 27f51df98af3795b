/** A native control for each kind of element with a value. */
import { useId, useState, type ComponentProps, type KeyboardEvent, type Ref } from "react";
import type { Element, Value } from "./types";
import { choices, holdsList, type Choice } from "./values";
import { isoDay, clockTime, instant } from "./time";
import { useWorkspace } from "./workspace";

export interface FieldProps {
  element: Element;
  value: Value;
  onChange: (value: Value) => void;
  onEnter?: (() => void) | undefined;
  /** The control's id; the next two are ids of its label and description. */
  id: string;
  labelledBy?: string | undefined;
  describedBy?: string | undefined;
  label?: string | undefined;
  required?: boolean;
  invalid?: boolean;
  focus?: boolean;
}

/** React's autoFocus acts too early for a dialog; this works with showModal(). */
const focused = (focus: boolean | undefined): Ref<never> | null =>
  focus ? (node: HTMLElement | null) => node?.setAttribute("autofocus", "") : null;

export function Field(props: FieldProps) {
  const { element } = props;
  switch (element.type) {
    case "radio_buttons":
    case "checkboxes":
      return <Boxes {...props} />;
    case "datepicker":
    case "timepicker":
    case "datetimepicker":
      return <Picker {...props} />;
    case "plain_text_input":
    case "email_text_input":
    case "url_text_input":
    case "number_input":
    case "rich_text_input":
      return <Typed {...props} />;
    case "users_select":
      return <People {...props} />;
    default:
      return holdsList(element) ? <MultiSelect {...props} /> : <Select {...props} />;
  }
}

function attributes({ id, labelledBy, describedBy, label, required, invalid, focus }: FieldProps) {
  return {
    id,
    ref: focused(focus),
    "aria-labelledby": labelledBy,
    "aria-label": labelledBy ? undefined : label,
    "aria-describedby": describedBy,
    "aria-required": required || undefined,
    "aria-invalid": invalid || undefined,
  };
}

const TYPES: Record<string, string> = {
  email_text_input: "email",
  url_text_input: "url",
};

function Typed(props: FieldProps) {
  const { element, value, onChange, onEnter } = props;
  const shared = {
    ...attributes(props),
    value: typeof value === "string" ? value : "",
    placeholder: element.placeholder?.text,
    maxLength: element.max_length,
  };
  if (element.multiline || element.type === "rich_text_input") {
    return <textarea {...shared} rows={4} onChange={(event) => onChange(event.target.value)} />;
  }
  const enter = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !onEnter) return;
    event.preventDefault();
    onEnter();
  };
  return (
    <input
      {...shared}
      type={TYPES[element.type] ?? "text"}
      inputMode={element.type === "number_input" ? "decimal" : undefined}
      autoComplete="off"
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={enter}
    />
  );
}

function Options({ from }: { from: Choice[] }) {
  const groups = [...new Set(from.map(({ group }) => group))];
  return groups.map((group) => {
    const options = from
      .filter((choice) => choice.group === group)
      .map(({ value, label }) => (
        <option key={value} value={value}>
          {label}
        </option>
      ));
    return group ? (
      <optgroup key={group} label={group}>
        {options}
      </optgroup>
    ) : (
      options
    );
  });
}

function Select(props: FieldProps) {
  const { element, value, onChange } = props;
  const { state, me } = useWorkspace();
  return (
    <select
      {...attributes(props)}
      value={typeof value === "string" ? value : ""}
      onChange={(event) => onChange(event.target.value || null)}
    >
      <option value="">{element.placeholder?.text ?? "Choose an option"}</option>
      <Options from={choices(element, state, me)} />
    </select>
  );
}

function MultiSelect(props: FieldProps) {
  const { element, value, onChange } = props;
  const { state, me } = useWorkspace();
  const all = choices(element, state, me);
  const chosen = Array.isArray(value) ? value : [];
  const rest = all.filter((choice) => !chosen.includes(choice.value));
  const isFull = chosen.length >= (element.max_selected_items ?? Infinity);
  const full = `${chosen.length} chosen, the maximum`;
  return (
    <div className="multi">
      <Chosen
        choices={chosen.map((id) => all.find((choice) => choice.value === id) ?? { value: id, label: id })}
        onRemove={(removed) => onChange(chosen.filter((id) => id !== removed))}
      />
      {element.type === "multi_users_select" ? (
        <Find
          {...attributes(props)}
          choices={rest}
          disabled={isFull}
          placeholder={isFull ? full : (element.placeholder?.text ?? "Type a name")}
          onFind={(added) => onChange([...chosen, added])}
        />
      ) : (
        <select
          {...attributes(props)}
          value=""
          disabled={isFull}
          onChange={(event) => onChange([...chosen, event.target.value])}
        >
          <option value="">{isFull ? full : (element.placeholder?.text ?? "Choose some")}</option>
          <Options from={rest} />
        </select>
      )}
    </div>
  );
}

/** A search box: a person is chosen as soon as their whole name is typed. */
function Find({
  choices: people,
  onFind,
  ...inputProps
}: { choices: Choice[]; onFind: (value: string) => void } & ComponentProps<"input">) {
  const [typed, setTyped] = useState("");
  const list = useId();
  const find = (text: string, isDone: boolean) => {
    const wanted = text.trim().toLowerCase();
    const exact = people.filter(({ label }) => label.toLowerCase() === wanted);
    const partial = isDone && wanted ? people.filter(({ label }) => label.toLowerCase().includes(wanted)) : [];
    // Several partial matches are ambiguous.
    const [only] = exact.length ? exact : partial.length === 1 ? partial : [];
    setTyped(only ? "" : text);
    if (only) onFind(only.value);
  };
  return (
    <>
      <input
        {...inputProps}
        list={list}
        autoComplete="off"
        value={typed}
        onChange={({ target }) => find(target.value, false)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !typed) return;
          event.preventDefault();
          find(typed, true);
        }}
        onBlur={() => find(typed, true)}
      />
      <datalist id={list}>
        {people.map(({ value, label }) => (
          <option key={value} value={label} />
        ))}
      </datalist>
    </>
  );
}

function Chosen({ choices: chosen, onRemove }: { choices: Choice[]; onRemove: (value: string) => void }) {
  if (!chosen.length) return null;
  return (
    <ul aria-label="Chosen">
      {chosen.map(({ value, label }) => (
        <li key={value}>
          {label}
          <button type="button" aria-label={`Remove ${label}`} onClick={() => onRemove(value)}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

function People(props: FieldProps) {
  const { element, value, onChange } = props;
  const { state, me } = useWorkspace();
  const all = choices(element, state, me);
  return (
    <div className="multi">
      <Chosen choices={all.filter((choice) => choice.value === value)} onRemove={() => onChange(null)} />
      <Find
        {...attributes(props)}
        choices={all}
        placeholder={element.placeholder?.text ?? "Type a name"}
        onFind={onChange}
      />
    </div>
  );
}

function Boxes(props: FieldProps) {
  const { element, value, onChange, focus } = props;
  const { state, me } = useWorkspace();
  const name = useId();
  const isRadio = element.type === "radio_buttons";
  const chosen = Array.isArray(value) ? value : value === null ? [] : [String(value)];
  const { ref: _, "aria-required": required, "aria-invalid": __, ...group } = attributes(props);
  return (
    <div
      {...group}
      className="boxes"
      role={isRadio ? "radiogroup" : "group"}
      {...(isRadio ? { "aria-required": required } : {})}
    >
      {choices(element, state, me).map((choice, index) => (
        <label key={choice.value}>
          <input
            ref={focused(focus && index === 0)}
            type={isRadio ? "radio" : "checkbox"}
            name={name}
            checked={chosen.includes(choice.value)}
            onChange={(event) => {
              if (isRadio) onChange(choice.value);
              else if (event.target.checked) onChange([...chosen, choice.value]);
              else onChange(chosen.filter((other) => other !== choice.value));
            }}
          />
          <span>
            {choice.label}
            {choice.detail && <small>{choice.detail}</small>}
          </span>
        </label>
      ))}
    </div>
  );
}

const PICKERS: Record<string, string> = {
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

function Picker(props: FieldProps) {
  const { element, value, onChange } = props;
  const { zone } = useWorkspace();
  const isDateTime = element.type === "datetimepicker";
  const displayed = () => {
    if (!isDateTime || value === null) return String(value ?? "");
    const at = new Date(Number(value) * 1000);
    return `${isoDay(at, zone)}T${clockTime(at, zone)}`;
  };
  return (
    <input
      {...attributes(props)}
      type={PICKERS[element.type]}
      value={displayed()}
      onChange={({ target }) => {
        const [day = "", time = ""] = target.value.split("T");
        const seconds = () => instant(day, time, zone).getTime() / 1000;
        onChange(target.value ? (isDateTime ? seconds() : target.value) : null);
      }}
    />
  );
}
