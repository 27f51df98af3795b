/** Replaces react-markdown and its plugin: shows a `markdown` block's source. */
export default function Markdown({ children }: { children?: string }) {
  return <div className="markdown">{children}</div>;
}
