export { Button, IconButton, Spinner } from "./button";
export { Card } from "./card";
export { Copyable } from "./copyable";
export { Dialog } from "./dialog";
export { Field } from "./field";
export { Icon } from "./icons";
export { Menu, MenuChoice, MenuItem } from "./menu";
export { type Option, Select } from "./select";
export { EmptyState, ErrorNote, explain, Skeleton } from "./states";
