import type { ReactNode } from "react";

const PATHS = {
  translate: (
    <path d="M4 6h9M8.5 4v2c0 4-2 7-5 8.5M6 9c1 2.5 3 4.5 6 5.5M12 20l4.5-10L21 20M13.6 17h5.8" />
  ),
  admin: <path d="M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6zM9.5 12l2 2 3.5-4" />,
  chat: <path d="M4 5h16v11H10l-4.500 4v-4H4zM8 9h8M8 12h5" />,
  hash: <path d="M9 4L7 20M17 4l-2 16M4.500 9h15.500M4 15h15.500" />,
  lock: <path d="M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3" />,
  send: <path d="M4 12l16-8-5 16-3.500-6.500zM11.500 13.500L20 4" />,
  reply: <path d="M9 6l-5 5 5 5M4 11h9a6 6 0 0 1 6 6v1" />,
  smile: (
    <path d="M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM8.500 14c1.500 2.500 5.500 2.500 7 0M9 9.500v.3M15 9.500v.3" />
  ),
  pin: <path d="M9 4h6l-1 6 3 3H7l3-3zM12 13v7" />,
  pencil: <path d="M4 20l1-4L16 5l3 3L8 19zM14 7l3 3" />,
  bin: <path d="M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13" />,
  link: (
    <path d="M10 14a4 4 0 0 1 0-5.500L13 5.500a4 4 0 0 1 5.500 5.500L17 12.500M14 10a4 4 0 0 1 0 5.500L11 18.500A4 4 0 0 1 5.500 13L7 11.500" />
  ),
  bookmark: <path d="M6 3h12v18l-6-4.500L6 21z" />,
  flag: <path d="M6 21V4h12l-3 4.500 3 4.500H6" />,
  eye: (
    <path d="M2.500 12C5 7.500 8.500 5.500 12 5.500s7 2 9.500 6.500c-2.500 4.500-6 6.500-9.500 6.500s-7-2-9.500-6.500zM12 9.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5z" />
  ),
  clip: (
    <path d="M20 11.500l-8.500 8.500a5 5 0 0 1-7-7L13 4.500a3.300 3.300 0 0 1 4.700 4.700L9.500 17.500a1.700 1.700 0 0 1-2.400-2.400L15 7.500" />
  ),
  more: <path d="M6 12h.01M12 12h.01M18 12h.01" />,
  down: <path d="M12 5v14M6 13l6 6 6-6" />,
  calendar: <path d="M5 6h14v14H5zM5 10h14M9 3v4M15 3v4" />,
  leave: <path d="M14 4H5v16h9M10 12h11M17 8l4 4-4 4" />,
  search: <path d="M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13zM15.5 15.500L20 20" />,
  swap: <path d="M4 8h15l-3-3M20 16H5l3 3" />,
  copy: <path d="M9 9h10v11H9zM5 15V4h10" />,
  plus: <path d="M12 5v14M5 12h14" />,
  bell: <path d="M6 16V11a6 6 0 1 1 12 0v5l2 2.500H4zM10 21h4" />,
  book: <path d="M5 5a2 2 0 0 1 2-2h12v15H7a2 2 0 0 0-2 2zM5 20a2 2 0 0 0 2 1h12M9 7h6" />,
  cpu: <path d="M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4" />,
  hook: (
    <path d="M8 8a4 4 0 1 1 6 3.500L17 17M16 15a3 3 0 1 1-2.500 4.500H8M7 11a4.500 4.500 0 1 0 3 7.500" />
  ),
  history: <path d="M4 12a8 8 0 1 0 2.500-5.800M4 4v4h4M12 8v4.500l3 2" />,
  check: <path d="M5 12.500l4.5 4.500L19 7.5" />,
  close: <path d="M6 6l12 12M18 6L6 18" />,
  sun: (
    <path d="M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.500v2M12 19.500v2M2.5 12h2M19.5 12h2M5.3 5.300l1.4 1.400M17.3 17.300l1.4 1.400M5.3 18.700l1.4-1.400M17.3 6.700l1.4-1.4" />
  ),
  moon: <path d="M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z" />,
  globe: (
    <path d="M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18" />
  ),
  person: (
    <path d="M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-4 4-5.5 7.5-5.500s6.5 1.5 7.5 5.5" />
  ),
  file: <path d="M6 3h8l5 5v13H6zM14 3v5h5" />,
  upload: <path d="M12 16V4M7 9l5-5 5 5M4 20h16" />,
  download: <path d="M12 4v12M7 11l5 5 5-5M4 20h16" />,
  key: (
    <path d="M8 19a4 4 0 1 1 2.8-6.800L19 4l2 2-2 2 1.5 1.5-2 2L17 10l-3.2 3.200A4 4 0 0 1 8 19z" />
  ),
  chart: <path d="M4 20h16M7 16v-5M12 16V6M17 16v-8" />,
  chevron: <path d="M6 9.500l6 6 6-6" />,
  warning: <path d="M12 4l9 16H3zM12 10v4.500M12 17.200v.3" />,
  docs: (
    <path d="M5 4h6a2 2 0 0 1 2 2v14a2 2 0 0 0-2-2H5zM19 4h-4a2 2 0 0 0-2 2v14a2 2 0 0 1 2-2h4z" />
  ),
  group: (
    <path d="M12 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM5.500 20a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM18.500 20a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM12 10v3.500M12 13.500l-5 2.500M12 13.500l5 2.500" />
  ),
  people: (
    <path d="M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6M15.5 4.500a3.5 3.5 0 0 1 0 6.500M18 14.500c2 .8 3.2 2.7 3.5 5.5" />
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

/** A line drawing beside a text that says the same: hidden from screen readers. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.7}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className="shrink-0"
    >
      {PATHS[name]}
    </svg>
  );
}
