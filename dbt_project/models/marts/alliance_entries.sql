-- Every entry of a state into an alliance, one row per state, treaty, phase and date of entry.
with entries as (
    select * from {{ ref('int_alliance_entries') }}
),

treaties as (
    select * from {{ ref('stg_atop__alliances') }}
)

select
    entries.cow_code,
    entries.atop_id,
    entries.phase,
    entries.entry_date,
    entries.exit_date,
    entries.entry_year,
    entries.exit_year,
    entries.is_entry_day_known,
    entries.is_exit_day_known,
    entries.is_in_force_at_end,
    treaties.is_bilateral,
    treaties.is_wartime,
    {%- for rule in alliance_rules() %}
    entries.has_{{ rule }},
    {%- endfor %}
    entries.is_state_system_member_in_atop,
    entries.is_in_state_system,
    entries.inherited_from,
    entries.is_late_accession,
    entries.is_new
from entries
inner join treaties
    on entries.atop_id = treaties.atop_id
order by entries.cow_code, entries.atop_id, entries.phase, entries.entry_date
