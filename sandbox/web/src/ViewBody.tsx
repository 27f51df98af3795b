/** The blocks of a modal or of the Home tab, with their typed values. */
import { Blocks } from "./Blocks";
import type { Drafts } from "./drafts";
import { InputBlock } from "./InputBlock";
import type { Block, Element, Value, View } from "./types";
import { useWorkspace } from "./workspace";

interface Props {
  view: View;
  drafts: Drafts;
  errors?: Record<string, string>;
  onTyped?: (block: Block) => void;
  /** Shows an error in an open dialog, which would cover a notice. */
  onFailed?: (error: string) => void;
}

type Trigger = "on_enter_pressed" | "on_character_entered";

/** True if the app hears of this: Enter by default, and each change of a field without text. */
function reports(trigger: Trigger, block: Block, element: Element): boolean {
  if (!block.dispatch_action) return false;
  if (!element.type.endsWith("_input")) return trigger === "on_character_entered";
  return (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]).includes(trigger);
}

export function ViewBody({ view, drafts, errors = {}, onTyped, onFailed }: Props) {
  const { act, notify } = useWorkspace();

  const send = async (block: Block, element: Element, value: Value) => {
    const { failed } = await act("click_view", {
      view_id: view.id,
      action_id: element.action_id,
      block_id: block.block_id,
      values: drafts.all(view),
      ...(element.type.includes("button") && element.type !== "radio_buttons" ? { value } : { option: value }),
    });
    if (failed) (onFailed ?? notify)(`That didn't work: ${failed}`);
  };
  const first = view.blocks.find((block) => block.type === "input")?.element;
  const focused = view.blocks.find((block) => block.element?.focus_on_load)?.element ?? first;

  return (
    <Blocks
      blocks={view.blocks}
      valueOf={(block, element) => drafts.get(view, block, element)}
      onChoose={(block, element, value) => {
        if (element.type !== "button") drafts.set(view, block, element, value);
        return send(block, element, value);
      }}
      input={(block, element) => {
        const value = drafts.get(view, block, element);
        const isReported = (trigger: Trigger) => reports(trigger, block, element);
        return (
          <InputBlock
            block={block}
            element={element}
            value={value}
            error={errors[block.block_id]}
            focus={element === focused}
            onChange={(changed) => {
              drafts.set(view, block, element, changed);
              onTyped?.(block);
              if (isReported("on_character_entered")) void send(block, element, changed);
            }}
            onEnter={isReported("on_enter_pressed") ? () => void send(block, element, value) : undefined}
          />
        );
      }}
    />
  );
}
