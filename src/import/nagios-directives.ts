/** The directives of Nagios Core 4 by type of object, with other names that it takes for them; and what has no counterpart here. */

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== "");

const CHECKED = `check_command check_interval retry_interval max_check_attempts check_period active_checks_enabled passive_checks_enabled
  event_handler event_handler_enabled check_freshness freshness_threshold flap_detection_enabled flap_detection_options low_flap_threshold high_flap_threshold
  initial_state obsess process_perf_data retain_status_information retain_nonstatus_information contacts contact_groups notification_interval
  first_notification_delay notification_period notification_options notifications_enabled stalking_options notes notes_url action_url icon_image
  icon_image_alt failure_prediction_enabled failure_prediction_options display_name parents importance`;
const GROUP = "alias members notes notes_url action_url";
const DEPENDENCY = "host_name hostgroup_name dependent_host_name dependent_hostgroup_name inherits_parent execution_failure_criteria notification_failure_criteria dependency_period";
const ESCALATION = "host_name hostgroup_name contacts contact_groups first_notification last_notification notification_interval escalation_period escalation_options";

/** What each type takes, besides `name`, `use`, `register` and variables of one's own. */
const DIRECTIVES: { readonly [type: string]: readonly string[] } = {
  host: words(`host_name alias address hostgroups ${CHECKED} vrml_image statusmap_image 2d_coords 3d_coords`),
  service: words(`host_name hostgroup_name service_description servicegroups is_volatile parallelize_check ${CHECKED}`),
  hostgroup: words(`hostgroup_name hostgroup_members ${GROUP}`),
  servicegroup: words(`servicegroup_name servicegroup_members ${GROUP}`),
  command: words("command_name command_line"),
  contact: words(`contact_name alias contactgroups minimum_importance host_notifications_enabled service_notifications_enabled host_notification_period service_notification_period
    host_notification_options service_notification_options host_notification_commands service_notification_commands email pager
    address1 address2 address3 address4 address5 address6 can_submit_commands retain_status_information retain_nonstatus_information`),
  contactgroup: words("contactgroup_name alias members contactgroup_members"),
  hostdependency: words(DEPENDENCY),
  servicedependency: words(`${DEPENDENCY} service_description dependent_service_description servicegroup_name dependent_servicegroup_name`),
  hostescalation: words(ESCALATION),
  serviceescalation: words(`${ESCALATION} service_description servicegroup_name`),
};

/** Other names, mostly of older versions. */
const ALIASES: { readonly [name: string]: string } = {
  normal_check_interval: "check_interval",
  retry_check_interval: "retry_interval",
  checks_enabled: "active_checks_enabled",
  obsess_over_host: "obsess",
  obsess_over_service: "obsess",
  gd2_image: "statusmap_image",
  hourly_value: "importance",
  hostgroup: "hostgroup_name",
  host: "host_name",
  hosts: "host_name",
  master_host: "host_name",
  master_host_name: "host_name",
  host_names: "host_name",
  description: "service_description",
  service_groups: "servicegroups",
  host_groups: "hostgroups",
  contactgroup: "contact_groups",
  contactgroups: "contact_groups",
  contact_name: "contacts",
  contact: "contacts",
  dependent_host: "dependent_host_name",
  dependent_hostgroup: "dependent_hostgroup_name",
  dependent_hostgroups: "dependent_hostgroup_name",
  dependent_description: "dependent_service_description",
  execution_failure_options: "execution_failure_criteria",
  notification_failure_options: "notification_failure_criteria",
  minimum_value: "minimum_importance",
};

/** The directive that is meant, of a definition of a type; undefined: Nagios would refuse it. */
export function directiveOf(type: string, name: string): string | undefined {
  const known = DIRECTIVES[type] ?? [];
  if (known.includes(name) || name.startsWith("_") || name === "name" || name === "use" || name === "register") return name;
  if (type === "service" && name === "hostgroups") return "hostgroup_name";
  const other = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
  return other !== undefined && known.includes(other) ? other : undefined;
}

/** Directives for which Tocsin has nothing; told once for each definition. */
export const WITHOUT_COUNTERPART: ReadonlySet<string> = new Set(
  words(`event_handler check_freshness freshness_threshold low_flap_threshold high_flap_threshold flap_detection_options initial_state stalking_options notes notes_url
    action_url icon_image icon_image_alt failure_prediction_enabled failure_prediction_options importance vrml_image statusmap_image 2d_coords 3d_coords is_volatile
    minimum_importance can_submit_commands inherits_parent dependency_period escalation_period escalation_options parallelize_check`),
);
