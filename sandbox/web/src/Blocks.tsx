/** Blocks: slack-blocks-to-jsx renders those to read, we render interactive elements. */
import { useMemo, useRef, type ReactNode } from "react";
import { Message as Library, type MessageProps } from "slack-blocks-to-jsx";
import { character, emojify } from "./emoji";
import { Interactive } from "./Interactive";
import { formatted, isoDay } from "./time";
import type { Block, Element, Value } from "./types";
import { nameOf, useWorkspace } from "./workspace";

interface Props {
  blocks: Block[];
  valueOf: (block: Block, element: Element) => Value;
  onChoose: (block: Block, element: Element, value: Value) => Promise<void> | void;
  /** Renders an input block, in views that may have one. */
  input?: (block: Block, element: Element) => ReactNode;
}

export function Blocks({ blocks, valueOf, onChoose, input }: Props) {
  const control = (block: Block, element: Element) => (
    <Interactive
      key={element.action_id}
      element={element}
      value={valueOf(block, element)}
      onChoose={(value) => onChoose(block, element, value)}
    />
  );
  return (
    <div className="blocks">
      {blocks.map((block) => {
        const { accessory, element, elements } = block;
        if (block.type === "actions") {
          return (
            <div key={block.block_id} className="actions">
              {elements?.map((action) => control(block, action))}
            </div>
          );
        }
        if (block.type === "input" && element) {
          return <div key={block.block_id}>{input?.(block, element)}</div>;
        }
        if (accessory && accessory.type !== "image") {
          return (
            <div key={block.block_id} className="beside">
              <ReadOnlyBlock block={{ ...block, accessory: undefined } as unknown as Block} />
              {control(block, accessory)}
            </div>
          );
        }
        return <ReadOnlyBlock key={block.block_id} block={block} />;
      })}
    </div>
  );
}

/** Rendered anew only if what it shows has changed, as the library takes long. */
function ReadOnlyBlock({ block }: { block: Block }) {
  const workspace = useWorkspace();
  const { state, now, zone } = workspace;
  const latest = useRef(workspace);
  latest.current = workspace;
  const json = JSON.stringify(forLibrary(block));
  const names = JSON.stringify({
    users: state.people.map(({ id, real_name }) => ({ id, name: real_name })),
    channels: state.channels.map(({ id, name }) => ({ id, name })),
  });
  // Dates are "today" or "yesterday".
  const day = isoDay(now(), zone);
  return useMemo(() => {
    const hooks: NonNullable<MessageProps["hooks"]> = {
      emoji: ({ name, skin_tone }) => character(skin_tone ? `${name}::skin-tone-${skin_tone}` : name),
      user: ({ id }) => <span className="mention">@{nameOf(latest.current.state, id)}</span>,
      channel: ({ id, name }) => (
        <button
          type="button"
          className="mention"
          onClick={() => latest.current.go({ in: name, thread: null })}
        >
          #{name || id}
        </button>
      ),
      date: ({ timestamp, format }) => (
        <time>{formatted(new Date(Number(timestamp) * 1000), latest.current.now(), zone, format)}</time>
      ),
      link: ({ href, children }) => (
        <a
          href={href}
          target="_blank"
          rel="noreferrer"
          onClick={(event) => {
            if (latest.current.follow(href)) event.preventDefault();
          }}
        >
          {children}
        </a>
      ),
    };
    return (
      <Library
        blocks={[JSON.parse(json)]}
        logo=""
        name=""
        withoutWrapper
        data={{ ...JSON.parse(names), user_groups: [] }}
        hooks={hooks}
      />
    );
  }, [json, names, day, zone]);
}

/**
 * Headers get the level below the page's own heading. The `verbatim` flag is removed: Slack
 * renders dates and names in verbatim text, too, but the library does not. It is what keeps
 * the library from reading plain text as mrkdwn.
 */
function forLibrary(block: Block) {
  const json = JSON.stringify(block, function (key, value) {
    if (value?.type === "plain_text") {
      const text = value.emoji === false ? value.text : emojify(value.text);
      return { ...value, text, verbatim: true };
    }
    return key === "verbatim" && this.type !== "plain_text" ? undefined : value;
  });
  return block.type === "header" ? { level: 2, ...JSON.parse(json) } : JSON.parse(json);
}
