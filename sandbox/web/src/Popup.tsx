/** A popup beside the pressed button; Escape or a click elsewhere closes it. */
import { useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { openModal } from "./openModal";

interface Props {
  label: string;
  anchor: DOMRect;
  onClose: () => void;
  children: ReactNode;
  className?: string;
}

const MARGIN = 8;
/** Keys pressed within this time belong to one word. */
const TYPING_MS = 1000;

function positionBeside(anchor: DOMRect, box: DOMRect): { left: number; top: number } {
  const left = Math.min(anchor.left, window.innerWidth - box.width - MARGIN);
  const below = anchor.bottom + 4;
  const fits = below + box.height < window.innerHeight - MARGIN;
  const top = fits ? below : anchor.top - box.height - 4;
  const lowest = window.innerHeight - box.height - MARGIN;
  return { left: Math.max(MARGIN, left), top: Math.max(MARGIN, Math.min(top, lowest)) };
}

export function Popup({ label, anchor, onClose, children, className = "" }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const typed = useRef({ text: "", at: 0 });

  useLayoutEffect(() => {
    const node = dialog.current;
    if (!node) return;
    const close = openModal(node);
    const { left, top } = positionBeside(anchor, node.getBoundingClientRect());
    node.style.left = `${left}px`;
    node.style.top = `${top}px`;
    return close;
  }, [anchor]);

  /** Focuses the first entry that starts with the typed text, or has a word that does. */
  const seek = (key: string) => {
    const at = Date.now();
    const text = at - typed.current.at < TYPING_MS ? typed.current.text + key : key;
    typed.current = { text, at };
    const items = [...(dialog.current?.querySelectorAll<HTMLElement>(".menu button:not(:disabled)") ?? [])];
    const words = (item: HTMLElement) => ` ${item.textContent?.toLowerCase() ?? ""}`;
    const name = (item: HTMLElement) => item.querySelector(".name")?.textContent?.toLowerCase() ?? words(item).trim();
    (items.find((item) => name(item).startsWith(text)) ?? items.find((item) => words(item).includes(` ${text}`)))?.focus();
  };
  const steer = (event: KeyboardEvent) => {
    const isField = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key.length === 1 && event.key !== " " && !isField && !event.ctrlKey && !event.metaKey && !event.altKey) {
      seek(event.key.toLowerCase());
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || isField) return;
    const items = [...(dialog.current?.querySelectorAll<HTMLElement>(".menu button:not(:disabled)") ?? [])];
    if (!items.length) return;
    event.preventDefault();
    const at = items.indexOf(document.activeElement as HTMLElement);
    items.at((at + step + items.length) % items.length)?.focus();
  };

  // It is rendered at the end of the page, so that it inherits no styles from its button.
  return createPortal(
    <dialog
      ref={dialog}
      aria-label={label}
      className={`popup ${className}`}
      onCancel={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
      onKeyDown={steer}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {children}
    </dialog>,
    document.body,
  );
}
