import { Menu as Base } from "@base-ui/react/menu";
import { useText } from "@/i18n";
import { Icon, IconButton, Menu, MenuItem, Submenu } from "@/kit";
import type { Message } from "./model";
import { RemindItems } from "./remind-menu";

export const EMOJI = ["👍", "❤️", "😂", "🎉", "😮", "😢", "🙏", "👏", "✅", "👀", "🚀", "🤔"];

/** What one can do about a message. */
export interface MessageActions {
  react: (message: Message, emoji: string, on: boolean) => void;
  openThread: (number: number) => void;
  edit: (message: Message) => void;
  remove: (message: Message) => void;
  pin: (message: Message) => void;
  markUnread: (message: Message) => void;
  copyLink: (message: Message) => void;
  showPast: (number: number) => void;
  save: (message: Message, remindAt: Date | null) => void;
  remindOther: (message: Message) => void;
  report: (message: Message) => void;
  move: (message: Message) => void;
  again: (key: string) => void;
  discard: (key: string) => void;
  mayWrite: boolean;
  mayRemoveAll: boolean;
  mayReact: boolean;
  hasTopics: boolean;
}

interface ActionsProps {
  message: Message;
  isOwn: boolean;
  actions: MessageActions;
}

/** The buttons at a message. */
export function Actions({ message, isOwn, actions }: ActionsProps) {
  const text = useText();
  return (
    <div
      role="toolbar"
      aria-label={text("chat.actions")}
      className="absolute -top-3 right-3 z-10 flex rounded-xl border border-line bg-raised p-0.5 shadow-card md:right-6"
    >
      {actions.mayReact ? (
        <Menu label={text("chat.react")} trigger={<Icon name="smile" size={18} />}>
          <div className="grid grid-cols-6 gap-0.5">
            {EMOJI.map((emoji) => (
              <Base.Item
                key={emoji}
                onClick={() => actions.react(message, emoji, true)}
                className="flex size-10 items-center justify-center rounded-lg text-xl data-[highlighted]:bg-sunken"
              >
                {emoji}
              </Base.Item>
            ))}
          </div>
        </Menu>
      ) : null}
      {actions.mayWrite ? (
        <IconButton
          label={text("chat.replyInThread")}
          onClick={() => actions.openThread(message.thread ?? message.number)}
        >
          <Icon name="reply" size={18} />
        </IconButton>
      ) : null}
      {isOwn && actions.mayWrite ? (
        <IconButton label={text("common.edit")} onClick={() => actions.edit(message)}>
          <Icon name="pencil" size={18} />
        </IconButton>
      ) : null}
      <Menu label={text("chat.more")} trigger={<Icon name="more" size={18} />}>
        <MenuItem onClick={() => actions.copyLink(message)}>
          <Icon name="link" size={18} />
          {text("chat.copyLink")}
        </MenuItem>
        <MenuItem onClick={() => actions.save(message, null)}>
          <Icon name="bookmark" size={18} />
          {text("chat.save")}
        </MenuItem>
        <Submenu icon="bell" label={text("chat.remind")}>
          <RemindItems
            onChoose={(at) => actions.save(message, at)}
            onOther={() => actions.remindOther(message)}
          />
        </Submenu>
        <MenuItem onClick={() => actions.markUnread(message)}>
          <Icon name="eye" size={18} />
          {text("chat.markUnread")}
        </MenuItem>
        {actions.mayWrite ? (
          <MenuItem onClick={() => actions.pin(message)}>
            <Icon name="pin" size={18} />
            {text(message.is_pinned ? "chat.unpin" : "chat.pin")}
          </MenuItem>
        ) : null}
        {actions.hasTopics && actions.mayWrite && (isOwn || actions.mayRemoveAll) ? (
          <MenuItem onClick={() => actions.move(message)}>
            <Icon name="hash" size={18} />
            {text("chat.topic.move")}
          </MenuItem>
        ) : null}
        {isOwn ? null : (
          <MenuItem onClick={() => actions.report(message)}>
            <Icon name="flag" size={18} />
            {text("reports.report")}
          </MenuItem>
        )}
        {isOwn || actions.mayRemoveAll ? (
          <MenuItem onClick={() => actions.remove(message)}>
            <Icon name="bin" size={18} />
            {text("common.delete")}
          </MenuItem>
        ) : null}
      </Menu>
    </div>
  );
}
