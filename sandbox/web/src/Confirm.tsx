/** The confirmation dialog of an element's `confirm`. */
import { Dialog } from "./Dialog";
import type { ConfirmDialog } from "./types";

interface Props {
  confirm: ConfirmDialog;
  onAnswer: (yes: boolean) => void;
}

export function Confirm({ confirm, onAnswer }: Props) {
  return (
    <Dialog label={confirm.title.text} className="confirm" onClose={() => onAnswer(false)}>
      <h2>{confirm.title.text}</h2>
      <p>{confirm.text.text}</p>
      <footer>
        <button type="button" className="button" onClick={() => onAnswer(false)}>
          {confirm.deny.text}
        </button>
        <button
          type="button"
          className={`button ${confirm.style ?? "primary"}`}
          onClick={() => onAnswer(true)}
        >
          {confirm.confirm.text}
        </button>
      </footer>
    </Dialog>
  );
}
