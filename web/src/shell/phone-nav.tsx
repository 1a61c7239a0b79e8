import { useLocation, useNavigate } from "@tanstack/react-router";
import { useText } from "@/i18n";
import { Icon, Menu, MenuItem } from "@/kit";
import { type Place, placeOf } from "./systems";

/** The systems on a small screen: a button that says where one is, and a menu of all of them. */
export function PhoneNav({ systems }: { systems: Place[] }) {
  const text = useText();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const here = placeOf(pathname, systems);
  const name = text(here ? here.name : "nav.systems");
  return (
    <Menu
      label={here ? `${text("nav.systems")}: ${name}` : name}
      align="start"
      trigger={
        <>
          {here ? <Icon name={here.icon} /> : null}
          <span className="truncate font-medium text-ink">{name}</span>
          <Icon name="chevron" size={16} />
        </>
      }
    >
      {systems.map((place) => (
        <MenuItem
          key={place.to}
          isCurrent={place === here}
          onClick={() => void navigate({ to: place.to as never })}
        >
          <Icon name={place.icon} />
          {text(place.name)}
        </MenuItem>
      ))}
    </Menu>
  );
}
