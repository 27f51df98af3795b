/** A field of a form: label, control, hint and error. */
import { useId } from "react";
import { emojify } from "./emoji";
import { Field } from "./Field";
import type { Block, Element, Value } from "./types";

interface Props {
  block: Block;
  element: Element;
  value: Value;
  error?: string | undefined;
  focus: boolean;
  onChange: (value: Value) => void;
  onEnter?: (() => void) | undefined;
}

const GROUPS = new Set(["radio_buttons", "checkboxes"]);

export function InputBlock({ block, element, value, error, focus, onChange, onEnter }: Props) {
  const id = useId();
  const [labelId, hintId, errorId] = [`${id}label`, `${id}hint`, `${id}error`];
  const label = (
    <>
      {emojify(block.label?.text ?? "")}
      {block.optional && <span className="optional"> (optional)</span>}
    </>
  );
  // Slack says this below a field that reports Enter, unless the app says something.
  const hint = block.hint?.text ?? (onEnter && !element.multiline ? "Press Enter to submit" : undefined);
  const left = element.max_length && typeof value === "string" ? element.max_length - value.length : null;
  return (
    <div className="field">
      {GROUPS.has(element.type) ? (
        <span className="label" id={labelId}>
          {label}
        </span>
      ) : (
        <label htmlFor={id} id={labelId}>
          {label}
        </label>
      )}
      <Field
        element={element}
        value={value}
        onChange={onChange}
        onEnter={onEnter}
        id={id}
        labelledBy={labelId}
        describedBy={[error && errorId, hint && hintId].filter(Boolean).join(" ") || undefined}
        required={!block.optional}
        invalid={Boolean(error)}
        focus={focus}
      />
      {left !== null && left < 50 && (
        <span className="left" aria-live="polite">
          {left} left
        </span>
      )}
      {error && (
        <p className="error" id={errorId}>
          {error}
        </p>
      )}
      {hint && (
        <p className="hint" id={hintId}>
          {emojify(hint)}
        </p>
      )}
    </div>
  );
}
