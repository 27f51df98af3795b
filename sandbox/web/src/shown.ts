/** Shows a dialog before all else; what it answers closes it. */
export function shown(dialog: HTMLDialogElement): () => void {
  dialog.showModal();
  return () => {
    dialog.close();
    // Closing gives the focus back, but in Chromium not the caret with it.
    const back = document.activeElement;
    if (back instanceof HTMLTextAreaElement || back instanceof HTMLInputElement) {
      back.blur();
      back.focus();
    }
  };
}
