/** Opens a dialog as a modal; the returned function closes it. */
export function openModal(dialog: HTMLDialogElement): () => void {
  dialog.showModal();
  return () => {
    dialog.close();
    // Closing restores the focus, but in Chromium not the caret.
    const back = document.activeElement;
    if (back instanceof HTMLTextAreaElement || back instanceof HTMLInputElement) {
      back.blur();
      back.focus();
    }
  };
}
