/** What the routes of the inbox send and take. */

export interface Notification {
  id: string;
  kind: string;
  /** In the reader's language, as is `body`. */
  title: string;
  body: string;
  /** A path on this server. */
  link: string | null;
  count: number;
  updated_at: string;
  read_at: string | null;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export interface Counts {
  unread: number;
}

export type EmailMode = "off" | "now" | "hourly" | "daily";

export interface KindPreference {
  kind: string;
  label: string;
  /** Always shown in the inbox. */
  security: boolean;
  in_app: boolean;
  email: EmailMode;
  push: boolean;
}

export interface Preferences {
  mail_available: boolean;
  push_available: boolean;
  push_public_key: string | null;
  time_zone: string;
  quiet_hours: { start: string; end: string } | null;
  daily_hour: number;
  /** Nothing is sent before; null when that is over. */
  do_not_disturb_until: string | null;
  kinds: KindPreference[];
}

/** What is left out stays. */
export interface PreferenceChanges {
  quiet_hours?: Preferences["quiet_hours"];
  daily_hour?: number;
  kinds?: (Partial<KindPreference> & { kind: string })[];
}

export interface PushTarget {
  id: string;
  service: string;
  user_agent: string | null;
  is_current: boolean;
}
