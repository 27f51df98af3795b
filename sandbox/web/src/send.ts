/** Sends the composer's text: a message, one of the app's commands, or one of Slack's. */
import { BUILT_IN } from "./completion";
import { transmitted } from "./text";
import type { Channel } from "./types";
import { nameOf, useWorkspace, type Workspace } from "./workspace";

export type Send = (text: string, more?: Record<string, unknown>) => Promise<boolean>;

export function useSend(channel: Channel, thread?: string): Send {
  const workspace = useWorkspace();
  return async (text, more = {}) => {
    const { state, act, showEphemeral } = workspace;
    const [first = ""] = text.split(/\s/, 1);
    const rest = text.slice(first.length).trim();
    if (!/^\/[a-z]/.test(first)) {
      const sent = transmitted(text, state.people, state.channels);
      const { failed } = await act("say", {
        channel: channel.id,
        text: sent,
        ...(thread ? { thread_ts: thread } : {}),
        ...more,
      });
      return !failed;
    }
    const isAppCommand = state.commands.some(({ name }) => name === first);
    if (thread && isAppCommand) {
      showEphemeral(channel.id, `${first} is not supported in threads. Sorry!`, thread);
    } else if (isAppCommand) {
      const { failed } = await act("command", { channel: channel.id, command: first, text: rest });
      if (failed) showEphemeral(channel.id, failed);
    } else if (BUILT_IN.some(({ name }) => name === first)) {
      await runBuiltIn(workspace, channel, first, rest);
    } else {
      showEphemeral(channel.id, `${first} is not a valid command.`, thread);
    }
    return true;
  };
}

async function runBuiltIn({ state, act, showEphemeral }: Workspace, channel: Channel, name: string, rest: string) {
  if (name === "/leave") {
    await act("leave", { channel: channel.id });
    return;
  }
  const wanted = rest.replace(/^@/, "").toLowerCase();
  const person = state.people.find((each) => each.name === wanted);
  const action = name === "/invite" ? "join" : "leave";
  if (!person) {
    showEphemeral(channel.id, `Can't find “${rest}” to ${name.slice(1)}.`);
  } else if ((action === "join") === channel.members.includes(person.id)) {
    showEphemeral(channel.id, `${nameOf(state, person.id)} is ${action === "join" ? "already" : "not"} in this channel.`);
  } else if (person.id === state.bot) {
    await act(action === "join" ? "invite_bot" : "remove_bot", { channel: channel.id });
  } else {
    await act(action, { channel: channel.id, as: person.id });
  }
}
