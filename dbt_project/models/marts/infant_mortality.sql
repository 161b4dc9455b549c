-- Every infant mortality rate of a state in the system, one row per state, year and source, with changes within the
-- source, quality flags, and the mark of the preferred series.
{%- set fill_order = var('infant_mortality_fill_order') %}
{%- set sources_to_fill = ['gapminder', 'gapminder_2010', 'world_bank', 'clio_infra', 'un_igme'] %}
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
{#- A rate is suspect if it differs by more than these factors: from the year before, from the median of the years
    around it in the same source, or from the median of the other sources in the same year. -#}
{%- set suspect_change = 1.5 %}
{%- set suspect_spike = 1.5 %}
{%- set years_around = 5 %}
{%- set suspect_disagreement = 2 %}
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
        count(*) over (series range between 1 following and 1 following) > 0 as has_next_year,
        median(rate) over (
            series range between {{ years_around }} preceding and {{ years_around }} following
            exclude current row
        ) as median_around
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

medians_of_others as (
    select
        rates.source,
        rates.cow_code,
        rates.year,
        median(others.rate) as median_of_others
    from rates
    inner join rates as others
        on rates.cow_code = others.cow_code and rates.year = others.year and rates.source <> others.source
    group by rates.source, rates.cow_code, rates.year
),

compared as (
    select
        runs.*,
        medians_of_others.median_of_others
    from runs
    left join medians_of_others
        on runs.source = medians_of_others.source
        and runs.cow_code = medians_of_others.cow_code
        and runs.year = medians_of_others.year
),

suspected as (
    select
        *,
        concat_ws(
            '; ',
            case
                when not rate / (rate - change_1y) between {{ 1 / suspect_change }} and {{ suspect_change }}
                    then 'changed from ' || round(rate - change_1y, 1) || ' the year before'
            end,
            case
                when not rate / median_around between {{ 1 / suspect_spike }} and {{ suspect_spike }}
                    then 'median of the years around ' || round(median_around, 1)
            end,
            case
                when not rate / median_of_others between {{ 1 / suspect_disagreement }} and {{ suspect_disagreement }}
                    then 'median of the other sources ' || round(median_of_others, 1)
            end
        ) as reasons
    from compared
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
    from suspected
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
    is_decadal_interpolation,
    reasons <> '' as is_suspect,
    nullif(reasons, '') as suspicion
from flagged
order by cow_code, year, source
