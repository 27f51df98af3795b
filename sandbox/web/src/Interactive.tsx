/** An element whose use is sent to the app at once: a button, a menu, or a control. */
import { useId, useState } from "react";
import { Confirm } from "./Confirm";
import { emojify } from "./emoji";
import { Field } from "./Field";
import { Menu } from "./Menu";
import type { Element, Value } from "./types";
import { choices } from "./values";
import { useWorkspace } from "./workspace";

interface Props {
  element: Element;
  value: Value;
  onChoose: (value: Value) => Promise<void> | void;
}

const LABELS: Record<string, string> = {
  datepicker: "Date",
  timepicker: "Time",
  datetimepicker: "Date and time",
};

export function Interactive({ element, value, onChoose }: Props) {
  const { state, me, follow } = useWorkspace();
  const id = useId();
  const [unconfirmed, setUnconfirmed] = useState<{ value: Value } | null>(null);
  const [isBusy, setBusy] = useState(false);

  const send = async (chosen: Value) => {
    setBusy(true);
    await onChoose(chosen);
    setBusy(false);
  };
  const choose = (chosen: Value) => {
    if (element.confirm) setUnconfirmed({ value: chosen });
    else void send(chosen);
  };

  const control = () => {
    if (element.type === "button" || element.type === "workflow_button") {
      return (
        <button
          type="button"
          className={`button ${element.style ?? ""}`}
          aria-label={element.accessibility_label}
          aria-busy={isBusy}
          onClick={() => {
            if (element.url) follow(element.url);
            choose(element.value ?? null);
          }}
        >
          {emojify(element.text?.text ?? "")}
        </button>
      );
    }
    if (element.type === "overflow") {
      const entries = choices(element, state, me).map((choice) => ({
        label: emojify(choice.label),
        detail: choice.detail,
        do: () => choose(choice.value),
      }));
      return (
        <Menu label="More choices" className="button overflow" entries={entries}>
          <span aria-hidden="true">⋯</span>
        </Menu>
      );
    }
    const label = element.placeholder?.text ?? LABELS[element.type] ?? "Choose";
    return <Field element={element} value={value} onChange={choose} id={id} label={label} />;
  };

  return (
    <>
      {control()}
      {unconfirmed && element.confirm && (
        <Confirm
          confirm={element.confirm}
          onAnswer={(yes) => {
            setUnconfirmed(null);
            if (yes) void send(unconfirmed.value);
          }}
        />
      )}
    </>
  );
}
