-- Every entry of a state into a treaty phase, with the rule that decides which entries form an alliance.
-- A treaty is new to a state in the year it enters the treaty's first phase (ATOP phase 0, the only one, or 1), if the state is in the system
-- in that calendar year. Later phases renew. A state whose first row is a later phase acceded to a renewed treaty or inherited it: no new
-- treaty. A state that left a treaty and came back enters it anew (Egypt and the Arab League, 1989).
with members as (
    select
        *,
        min(phase) over (partition by cow_code, atop_id) as first_phase_of_member
    from {{ ref('stg_atop__members') }}
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
    treaties.is_bilateral,
    treaties.is_wartime,
    true as has_any,
    members.has_defense or members.has_offense or members.has_neutrality or members.has_consultation as has_military,
    members.has_defense,
    members.has_offense,
    members.has_neutrality,
    members.has_nonaggression,
    members.has_consultation,
    members.is_state_system_member_in_atop,
    spine.cow_code is not null as is_in_state_system,
    members.phase > 1 and members.phase = members.first_phase_of_member as is_late_accession,
    members.phase <= 1 and spine.cow_code is not null as is_new
from members
inner join {{ ref('stg_atop__alliances') }} as treaties
    on members.atop_id = treaties.atop_id
left join {{ ref('int_state_years') }} as spine
    on members.cow_code = spine.cow_code and members.entry_year = spine.year
