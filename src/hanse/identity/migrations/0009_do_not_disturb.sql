-- Until when somebody is not to be disturbed, whatever their quiet hours.
alter table identity.notification_habits add column do_not_disturb_until timestamptz;
