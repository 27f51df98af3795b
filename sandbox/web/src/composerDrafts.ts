/** Unsent text of composers, by conversation. */
const drafts = new Map<string, string>();

export const composerDraft = (conversation: string) => ({
  text: drafts.get(conversation) ?? "",
  keep: (text: string) => void drafts.set(conversation, text),
});
