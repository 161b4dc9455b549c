-- Alliance formation and alliances in force, one row per state-year within ATOP's span, under each of the seven rules.
{%- set rules = alliance_rules() %}
with spine as (
    select
        cow_code,
        year,
        year - years_in_system as system_entry_year
    from {{ ref('int_state_years') }}
    where year between {{ var('atop_first_year') }} and {{ var('atop_last_year') }}
),

-- Treaties, not rows: one treaty entered twice in a year counts once.
formations as (
    select
        cow_code,
        entry_year as year
        {%- for rule in rules %},
        count(distinct atop_id) filter (where has_{{ rule }}) as new_{{ rule }}_alliances
        {%- endfor %}
    from {{ ref('int_alliance_entries') }}
    where is_new
    group by cow_code, entry_year
),

-- Every year in which a phase was in force on some day; in a year of renewal the obligations of both phases count.
phase_years as (
    select
        cow_code,
        atop_id,
        cast(unnest(range(entry_year, coalesce(exit_year, {{ var('atop_last_year') }}) + 1)) as integer) as year
        {%- for rule in rules %},
        has_{{ rule }}
        {%- endfor %}
    from {{ ref('int_alliance_entries') }}
),

in_force as (
    select
        cow_code,
        year
        {%- for rule in rules %},
        count(distinct atop_id) filter (where has_{{ rule }}) as {{ rule }}_alliances_in_force
        {%- endfor %}
    from phase_years
    group by cow_code, year
),

counts as (
    select
        spine.cow_code,
        spine.year,
        spine.system_entry_year
        {%- for rule in rules %},
        cast(coalesce(formations.new_{{ rule }}_alliances, 0) as integer) as new_{{ rule }}_alliances,
        cast(coalesce(in_force.{{ rule }}_alliances_in_force, 0) as integer) as {{ rule }}_alliances_in_force
        {%- endfor %}
    from spine
    left join formations
        on spine.cow_code = formations.cow_code and spine.year = formations.year
    left join in_force
        on spine.cow_code = in_force.cow_code and spine.year = in_force.year
)

-- The clock starts in the year of (re-)entry into the system and again in every year with a formation; the year's own formation is not
-- yet known to it.
select
    cow_code,
    year
    {%- for rule in rules %},
    new_{{ rule }}_alliances,
    new_{{ rule }}_alliances > 0 as forms_{{ rule }}_alliance,
    {{ rule }}_alliances_in_force,
    year - coalesce(
        max(case when new_{{ rule }}_alliances > 0 then year end) over earlier_years,
        system_entry_year
    ) as years_since_{{ rule }}_formation
    {%- endfor %}
from counts
window earlier_years as (
    partition by cow_code, system_entry_year
    order by year
    rows between unbounded preceding and 1 preceding
)
