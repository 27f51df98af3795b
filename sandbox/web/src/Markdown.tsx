/** Stands in for react-markdown and its plugin: a `markdown` block as it was written. */
export default function Markdown({ children }: { children?: string }) {
  return <div className="markdown">{children}</div>;
}
