/** What was begun in a composer and not sent, by its conversation. */
const drafts = new Map<string, string>();

export const drafted = (of: string) => ({
  text: drafts.get(of) ?? "",
  keep: (text: string) => void drafts.set(of, text),
});
