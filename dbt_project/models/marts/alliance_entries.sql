-- Every entry of a state into an alliance, one row per state, treaty, phase and date of entry.
select
    cow_code,
    atop_id,
    phase,
    entry_date,
    exit_date,
    entry_year,
    exit_year,
    is_entry_day_known,
    is_exit_day_known,
    is_in_force_at_end,
    is_bilateral,
    is_wartime,
    has_any,
    has_military,
    has_defense,
    has_offense,
    has_neutrality,
    has_nonaggression,
    has_consultation,
    is_state_system_member_in_atop,
    is_in_state_system,
    is_late_accession,
    is_new
from {{ ref('int_alliance_entries') }}
order by cow_code, atop_id, phase, entry_date
