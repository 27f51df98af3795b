/** What sending the composer's text does: a message, a slash command, or one of Slack's own. */
import { BUILT_IN } from "./completion";
import { transmitted } from "./text";
import type { Channel } from "./types";
import { nameOf, useWorkspace, type Workspace } from "./workspace";

export type Say = (text: string, more?: Record<string, unknown>) => Promise<boolean>;

export function useSay(channel: Channel, thread?: string): Say {
  const workspace = useWorkspace();
  return async (text, more = {}) => {
    const { state, act, whisper } = workspace;
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
    const isOurs = state.commands.some(({ name }) => name === first);
    if (thread && isOurs) {
      whisper(channel.id, `${first} is not supported in threads. Sorry!`, thread);
    } else if (isOurs) {
      const { failed } = await act("command", { channel: channel.id, command: first, text: rest });
      if (failed) whisper(channel.id, failed);
    } else if (BUILT_IN.some(({ name }) => name === first)) {
      await builtIn(workspace, channel, first, rest);
    } else {
      whisper(channel.id, `${first} is not a valid command.`, thread);
    }
    return true;
  };
}

async function builtIn({ state, act, whisper }: Workspace, channel: Channel, name: string, rest: string) {
  if (name === "/leave") {
    await act("leave", { channel: channel.id });
    return;
  }
  const wanted = rest.replace(/^@/, "").toLowerCase();
  const who = state.people.find((person) => person.name === wanted);
  const deed = name === "/invite" ? "join" : "leave";
  if (!who) {
    whisper(channel.id, `Can't find “${rest}” to ${name.slice(1)}.`);
  } else if ((deed === "join") === channel.members.includes(who.id)) {
    whisper(channel.id, `${nameOf(state, who.id)} is ${deed === "join" ? "already" : "not"} in this channel.`);
  } else if (who.id === state.bot) {
    await act(deed === "join" ? "invite_bot" : "remove_bot", { channel: channel.id });
  } else {
    await act(deed, { channel: channel.id, as: who.id });
  }
}
