-- Every entry of a state into a treaty phase, with the rule that decides which entries form an alliance. A treaty is
-- new to a state in the year in which the state enters its first phase (ATOP phase 0, the only one, or 1), if the state
-- is in the system in that calendar year. Later phases renew the treaty. A state whose first row is a later phase
-- acceded to a renewed treaty or inherited it: the treaty is not new. A state that left a treaty and returned enters it
-- again (Egypt and the Arab League, 1989).
{%- set last_initial_phase = 1 %}
with members as (
    select * from {{ ref('stg_atop__members') }}
),

spine as (
    select * from {{ ref('int_state_years') }}
),

members_with_first_phase as (
    select
        *,
        min(phase) over (partition by cow_code, atop_id) as first_phase_of_member
    from members
)

select
    members.cow_code,
    members.atop_id,
    members.phase,
    members.entry_year,
    members.entry_date,
    members.is_entry_day_known,
    members.exit_year,
    members.exit_date,
    members.is_exit_day_known,
    members.is_in_force_at_end,
    true as has_any,
    members.has_defense or members.has_offense or members.has_neutrality or members.has_consultation as has_military,
    members.has_defense,
    members.has_offense,
    members.has_neutrality,
    members.has_nonaggression,
    members.has_consultation,
    members.is_state_system_member_in_atop,
    spine.cow_code is not null as is_in_state_system,
    members.phase > {{ last_initial_phase }} and members.phase = members.first_phase_of_member as is_late_accession,
    members.phase <= {{ last_initial_phase }} and spine.cow_code is not null as is_new
from members_with_first_phase as members
left join spine
    on members.cow_code = spine.cow_code and members.entry_year = spine.year
