-- Every infant mortality rate of a state in the system, one row per state, year and source, with changes within the
-- source, quality flags, and the mark of the preferred series.
{%- set fill_order = var('infant_mortality_fill_order') %}
{%- set sources_to_fill = ['gapminder', 'gapminder_2010', 'world_bank', 'clio_infra'] %}
{%- for source in fill_order if source not in sources_to_fill %}
{{ exceptions.raise_compiler_error(
    "infant_mortality_fill_order: found '" ~ source ~ "', expected one of " ~ sources_to_fill | join(', ')
) }}
{%- endfor %}
{#- Changes that differ by less count as equal; rates are deaths per 1,000 live births. -#}
{%- set tolerance = 0.001 %}
{#- Runs are counted in equal yearly changes: a run of n + 1 years has n. -#}
{%- set min_changes_of_flat_run = 2 %}
{%- set min_changes_of_linear_run = 3 %}
{%- set min_changes_of_decadal_run = 9 %}
with rates as (
    select * from {{ ref('int_infant_mortality_rates') }}
),

-- The frame is one calendar year, not one row: across a gap there is no change.
changes as (
    select
        *,
        rate - max(rate) over (series range between 1 preceding and 1 preceding) as change_1y,
        rate - max(rate) over (series range between 3 preceding and 3 preceding) as change_3y,
        rate - max(rate) over (series range between 5 preceding and 5 preceding) as change_5y,
        count(*) over (series range between 1 following and 1 following) > 0 as has_next_year
    from rates
    window series as (partition by source, cow_code order by year)
),

-- A stretch is a sequence of equal yearly changes, from consecutive years.
breaks as (
    select
        *,
        coalesce(
            abs(change_1y - lag(change_1y) over (partition by source, cow_code order by year)) >= {{ tolerance }},
            true
        ) as starts_stretch
    from changes
),

stretches as (
    select
        *,
        sum(case when starts_stretch then 1 else 0 end) over (partition by source, cow_code order by year) as stretch
    from breaks
),

measured as (
    select
        *,
        count(change_1y) over (partition by source, cow_code, stretch) as equal_changes
    from stretches
),

-- The year before the first change of a stretch belongs to the stretch.
runs as (
    select
        *,
        abs(change_1y) < {{ tolerance }} as is_flat_change,
        lead(equal_changes) over (partition by source, cow_code order by year) as next_equal_changes,
        abs(lead(change_1y) over (partition by source, cow_code order by year)) < {{ tolerance }} as next_is_flat_change
    from measured
),

flagged as (
    select
        *,
        (coalesce(is_flat_change, false) and equal_changes >= {{ min_changes_of_flat_run }})
        or (
            has_next_year
            and coalesce(next_is_flat_change, false)
            and next_equal_changes >= {{ min_changes_of_flat_run }}
        ) as is_flat_run,
        {%- for flag, min_changes in [
            ('is_linear_run', min_changes_of_linear_run), ('is_decadal_interpolation', min_changes_of_decadal_run)
        ] %}
        (coalesce(not is_flat_change, false) and equal_changes >= {{ min_changes }})
        or (
            has_next_year
            and coalesce(not next_is_flat_change, false)
            and next_equal_changes >= {{ min_changes }}
        ) as {{ flag }},
        {%- endfor %}
        change_1y is null and not has_next_year as is_isolated_value,
        list_position({{ ['abouharb_kimball'] + fill_order }}, source) as preference
    from runs
)

select
    cow_code,
    year,
    source,
    rate,
    change_1y,
    change_3y,
    change_5y,
    coalesce(preference = min(preference) over (partition by cow_code, year), false) as is_preferred,
    is_flat_run,
    is_linear_run,
    is_isolated_value,
    is_decadal_interpolation
from flagged
order by cow_code, year, source
