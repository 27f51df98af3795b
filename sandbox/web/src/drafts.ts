/** Values typed in open forms, by view: they survive the app's updates of the view. */
import { useCallback, useState } from "react";
import type { Block, Element, Value, View } from "./types";
import { entered, holdsList, initial, offers } from "./values";
import { channelOf, useWorkspace } from "./workspace";

type Draft = Record<string, Value>;

const key = (block: Block, element: Element) => `${block.block_id}\n${element.action_id}`;

export interface Drafts {
  get: (view: View, block: Block, element: Element) => Value;
  set: (view: View, block: Block, element: Element, value: Value) => void;
  /** All values of the view's form, in the API's format. */
  all: (view: View) => Record<string, Value>;
}

export function useDrafts(current: string | null): Drafts {
  const [drafts, setDrafts] = useState<Record<string, Draft>>({});
  const { state, me } = useWorkspace();

  const get = (view: View, block: Block, element: Element): Value => {
    const typed = drafts[view.id]?.[key(block, element)];
    if (typed !== undefined) return typed;
    const stored = view.state.values[block.block_id]?.[element.action_id];
    const value = stored ? entered(stored) : initial(element);
    if (value !== null || !element.default_to_current_conversation) return value ?? (holdsList(element) ? [] : null);
    const here = current === null ? undefined : channelOf(state, current);
    return here && offers(element, here, me) ? here.id : null;
  };

  const set = useCallback((view: View, block: Block, element: Element, value: Value) => {
    setDrafts((all) => ({ ...all, [view.id]: { ...all[view.id], [key(block, element)]: value } }));
  }, []);

  const all = (view: View) => {
    const values: Record<string, Value> = {};
    for (const block of view.blocks) {
      if (block.type === "input" && block.element) values[block.block_id] = get(view, block, block.element);
    }
    return values;
  };

  return { get, set, all };
}
