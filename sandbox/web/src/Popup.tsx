/** Something small that opens beside what was pressed, and closes by Escape or a click elsewhere. */
import { useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { shown } from "./shown";

interface Props {
  label: string;
  anchor: DOMRect;
  onClose: () => void;
  children: ReactNode;
  className?: string;
}

const MARGIN = 8;

function besides(anchor: DOMRect, box: DOMRect): { left: number; top: number } {
  const left = Math.min(anchor.left, window.innerWidth - box.width - MARGIN);
  const below = anchor.bottom + 4;
  const fits = below + box.height < window.innerHeight - MARGIN;
  const top = fits ? below : anchor.top - box.height - 4;
  const lowest = window.innerHeight - box.height - MARGIN;
  return { left: Math.max(MARGIN, left), top: Math.max(MARGIN, Math.min(top, lowest)) };
}

export function Popup({ label, anchor, onClose, children, className = "" }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);

  useLayoutEffect(() => {
    const node = dialog.current;
    if (!node) return;
    const close = shown(node);
    const { left, top } = besides(anchor, node.getBoundingClientRect());
    node.style.left = `${left}px`;
    node.style.top = `${top}px`;
    return close;
  }, [anchor]);

  const steer = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    const items = [...(dialog.current?.querySelectorAll<HTMLElement>(".menu button:not(:disabled)") ?? [])];
    if (!items.length) return;
    event.preventDefault();
    const at = items.indexOf(document.activeElement as HTMLElement);
    items.at((at + step + items.length) % items.length)?.focus();
  };

  // At the end of the page, so that what it opens from lends it neither style nor shade.
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
