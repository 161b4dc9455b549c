-- Every entry of a state into a treaty phase, with the rule that decides which entries form an alliance. A treaty is
-- new to a state in the year in which the state enters its first phase (ATOP phase 0, the only one, or 1), if the state
-- is in the system in that calendar year. Later phases renew the treaty. A state whose first row is a later phase
-- acceded to a renewed treaty or inherited it: the treaty is not new. A state that left a treaty and returned enters it
-- again (Egypt and the Arab League, 1989).
--
-- Succession is not formation. A state inherits a treaty, in whatever phase, if it enters the treaty and the state
-- system on the day on which another member leaves both (Germany in 1990 from West Germany, Yemen in 1990 from its two
-- predecessors, the Czech Republic and Slovakia in 1993 from Czechoslovakia). A treaty that a state entered before its
-- membership (Japan 1951) is in force from its first member year and is new in none.
{%- set last_initial_phase = 1 %}
{#- One state ends on the day before, or on the very day, on which the other begins. -#}
{%- set days_between = 1 %}
with members as (
    select * from {{ ref('stg_atop__members') }}
),

spine as (
    select * from {{ ref('int_state_years') }}
),

spells as (
    select * from {{ ref('stg_cow__state_spells') }}
),

members_with_first_phase as (
    select
        *,
        min(phase) over (partition by cow_code, atop_id) as first_phase_of_member
    from members
),

successions as (
    select
        successors.cow_code,
        predecessors.cow_code as predecessor_code,
        successors.start_date
    from spells as successors
    inner join spells as predecessors
        on successors.cow_code <> predecessors.cow_code
        and predecessors.end_date between successors.start_date - {{ days_between }} and successors.start_date
),

inherited as (
    select
        successor.cow_code,
        successor.atop_id,
        successor.phase,
        successor.entry_date,
        string_agg(distinct predecessor.cow_code, ', ' order by predecessor.cow_code) as inherited_from
    from members as successor
    inner join successions
        on successor.cow_code = successions.cow_code
        and abs(successor.entry_date - successions.start_date) <= {{ days_between }}
    inner join members as predecessor
        on successor.atop_id = predecessor.atop_id
        and successions.predecessor_code = predecessor.cow_code
        and predecessor.exit_date between successor.entry_date - {{ days_between }} and successor.entry_date
    group by successor.cow_code, successor.atop_id, successor.phase, successor.entry_date
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
    inherited.inherited_from,
    members.phase > {{ last_initial_phase }} and members.phase = members.first_phase_of_member as is_late_accession,
    members.phase <= {{ last_initial_phase }}
    and spine.cow_code is not null
    and inherited.cow_code is null as is_new
from members_with_first_phase as members
left join spine
    on members.cow_code = spine.cow_code and members.entry_year = spine.year
left join inherited
    on members.cow_code = inherited.cow_code
    and members.atop_id = inherited.atop_id
    and members.phase = inherited.phase
    and members.entry_date = inherited.entry_date
