-- Alliance formation and alliances in force, one row per state-year within the span of ATOP, under each of the seven
-- rules.
{%- set rules = alliance_rules() %}
with state_years as (
    select * from {{ ref('int_state_years') }}
),

entries as (
    select * from {{ ref('int_alliance_entries') }}
),

atop_span as (
    {{ source_span('atop') }}
),

spine as (
    select
        state_years.cow_code,
        state_years.year,
        state_years.year - state_years.years_in_system as system_entry_year
    from state_years
    cross join atop_span
    where state_years.year between atop_span.first_year and atop_span.last_year
),

-- Treaties are counted, not rows: a treaty that a state enters twice in a year counts once.
formations as (
    select
        cow_code,
        {% for rule in rules %}
        count(distinct atop_id) filter (where has_{{ rule }}) as new_{{ rule }}_alliances,
        {% endfor %}
        entry_year as year
    from entries
    where is_new
    group by cow_code, entry_year
),

-- Every year in which a phase was in force on some day; in a year of renewal the obligations of both phases count.
phase_years as (
    select
        entries.cow_code,
        entries.atop_id,
        {% for rule in rules %}
        entries.has_{{ rule }},
        {% endfor %}
        cast(
            unnest(range(entries.entry_year, coalesce(entries.exit_year, atop_span.last_year) + 1)) as integer
        ) as year
    from entries
    cross join atop_span
),

in_force as (
    select
        cow_code,
        {% for rule in rules %}
        count(distinct atop_id) filter (where has_{{ rule }}) as {{ rule }}_alliances_in_force,
        {% endfor %}
        year
    from phase_years
    group by cow_code, year
),

counts as (
    select
        spine.cow_code,
        spine.year,
        {% for rule in rules %}
        cast(coalesce(formations.new_{{ rule }}_alliances, 0) as integer) as new_{{ rule }}_alliances,
        cast(coalesce(in_force.{{ rule }}_alliances_in_force, 0) as integer) as {{ rule }}_alliances_in_force,
        {% endfor %}
        spine.system_entry_year
    from spine
    left join formations
        on spine.cow_code = formations.cow_code and spine.year = formations.year
    left join in_force
        on spine.cow_code = in_force.cow_code and spine.year = in_force.year
)

-- The clock starts in the year of (re-)entry into the system and again in every year with a formation. The formation of
-- year t itself counts from t + 1 on.
select
    cow_code,
    {% for rule in rules %}
    new_{{ rule }}_alliances,
    new_{{ rule }}_alliances > 0 as forms_{{ rule }}_alliance,
    {{ rule }}_alliances_in_force,
    year - coalesce(
        max(case when new_{{ rule }}_alliances > 0 then year end) over earlier_years,
        system_entry_year
    ) as years_since_{{ rule }}_formation,
    {% endfor %}
    year
from counts
window earlier_years as (
    partition by cow_code, system_entry_year
    order by year
    rows between unbounded preceding and 1 preceding
)
