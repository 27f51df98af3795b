/** The parts of the control API's responses that the page reads. */

export interface Text {
  type: "plain_text" | "mrkdwn";
  text: string;
}

export interface Option {
  text: Text;
  value: string;
  description?: Text;
}

export interface ConfirmDialog {
  title: Text;
  text: Text;
  confirm: Text;
  deny: Text;
  style?: "primary" | "danger";
}

export interface Element {
  type: string;
  action_id: string;
  text?: Text;
  value?: string;
  url?: string;
  style?: "primary" | "danger";
  accessibility_label?: string;
  placeholder?: Text;
  options?: Option[];
  option_groups?: { label: Text; options: Option[] }[];
  confirm?: ConfirmDialog;
  multiline?: boolean;
  min_length?: number;
  max_length?: number;
  max_selected_items?: number;
  min_value?: string;
  max_value?: string;
  is_decimal_allowed?: boolean;
  focus_on_load?: boolean;
  dispatch_action_config?: { trigger_actions_on?: string[] };
  default_to_current_conversation?: boolean;
  filter?: { include?: string[]; exclude_bot_users?: boolean };
}

export interface Block {
  type: string;
  block_id: string;
  text?: Text;
  accessory?: Element;
  elements?: Element[];
  element?: Element;
  label?: Text;
  hint?: Text;
  optional?: boolean;
  dispatch_action?: boolean;
}

/** One element's typed or chosen value, in Slack's format. */
export interface Entered {
  type: string;
  value?: string | null;
  selected_option?: Option | null;
  selected_options?: Option[];
  selected_user?: string | null;
  selected_users?: string[];
  selected_channel?: string | null;
  selected_channels?: string[];
  selected_conversation?: string | null;
  selected_conversations?: string[];
  selected_date?: string | null;
  selected_time?: string | null;
  selected_date_time?: number | null;
}

/** block_id -> action_id -> value. */
export type Values<T> = Record<string, Record<string, T>>;

/** An element's value for the API: an option's value, an id, a text, or several. */
export type Value = string | number | string[] | null;

export interface Person {
  id: string;
  name: string;
  real_name: string;
  tz: string | null;
  title: string;
  is_admin: boolean;
  is_owner: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  is_bot: boolean;
  deleted: boolean;
  status_emoji: string;
  status_text: string;
}

export interface Channel {
  id: string;
  name: string;
  is_im: boolean;
  is_private: boolean;
  is_archived: boolean;
  is_read_only?: boolean;
  purpose?: { value: string };
  user?: string;
  members: string[];
  joined: boolean;
  has_bot: boolean;
  unread: number;
  latest: string | null;
}

export interface Reaction {
  name: string;
  users: string[];
  count: number;
}

export interface Message {
  ts: string;
  channel: string;
  user?: string;
  bot_id?: string;
  app_id?: string;
  subtype?: string;
  text: string;
  blocks?: Block[];
  thread_ts?: string;
  reply_count?: number;
  reply_users?: string[];
  latest_reply?: string;
  edited?: { user: string; ts: string };
  reactions?: Reaction[];
  root?: Message;
  files?: { id: string; name: string; title: string }[];
  is_ephemeral: boolean;
  /** Each person's latest choices in the message's selects. */
  chosen?: Record<string, Values<Entered>>;
}

export interface View {
  id: string;
  type: "modal" | "home";
  blocks: Block[];
  state: { values: Values<Entered> };
  hash: string;
  title: Text;
  close: Text | null;
  submit: Text | null;
  previous_view_id: string | null;
}

export interface Command {
  name: string;
  description: string;
  usage_hint: string;
}

export interface Shortcut {
  name: string;
  kind: "global" | "message";
  callback_id: string;
}

export interface State {
  team: { id: string; name: string };
  now: string;
  can_travel: boolean;
  bot: string;
  app: { name: string; home_tab: boolean; messages_tab: boolean };
  commands: Command[];
  shortcuts: Shortcut[];
  people: Person[];
  channels: Channel[];
  view: View | null;
  home: View | null;
  /** Suggestions for a first visit. */
  hints?: string[];
}

export interface Ack {
  failed?: string | null;
  errors?: Record<string, string>;
}

export interface Fault {
  id: number;
  kind: string;
  target: string;
  times: number | null;
  chance: number;
  after: boolean;
  seconds: number;
  fired: number;
}

export interface Change {
  what: string;
  channel?: string;
  person?: string;
  ts?: string;
}
