-- Every infant mortality rate of a state in the system, one row per state, year and source, with changes within the source, quality
-- flags, and the mark of the preferred series.
{%- set fill_order = var('infant_mortality_fill_order') %}
{%- set sources_to_fill = ['gapminder', 'gapminder_2010', 'world_bank', 'clio_infra'] %}
{%- for source in fill_order if source not in sources_to_fill %}
{{ exceptions.raise_compiler_error("infant_mortality_fill_order: '" ~ source ~ "' is none of " ~ sources_to_fill | join(', ')) }}
{%- endfor %}
with labelled as (
    select 'gapminder' as source, label, year, rate from {{ ref('stg_gapminder__infant_mortality') }}
    union all
    select 'gapminder_2010', label, year, rate from {{ ref('stg_gapminder__infant_mortality_2010') }}
    union all
    select 'world_bank', label, year, rate from {{ ref('stg_world_bank__infant_mortality') }}
    union all
    select 'clio_infra', label, year, rate from {{ ref('stg_clio_infra__infant_mortality') }}
),

observed as (
    select
        mappings.cow_code,
        labelled.year,
        labelled.source,
        labelled.rate
    from labelled
    inner join {{ ref('country_mappings') }} as mappings
        on labelled.source = mappings.coding
        and labelled.label = mappings.label
        and labelled.year between mappings.first_year and mappings.last_year
    union all
    -- The replication file already speaks COW codes.
    select
        cow_code,
        year,
        'abouharb_kimball' as source,
        infant_mortality_rate as rate
    from {{ ref('stg_allen_digiuseppe__state_years') }}
    where infant_mortality_rate is not null
),

in_system as (
    select observed.*
    from observed
    semi join {{ ref('int_state_years') }} as spine
        on observed.cow_code = spine.cow_code and observed.year = spine.year
),

-- A frame of one calendar year, not of one row: a gap gives no change.
changes as (
    select
        *,
        rate - max(rate) over (series range between 1 preceding and 1 preceding) as change_1y,
        rate - max(rate) over (series range between 3 preceding and 3 preceding) as change_3y,
        rate - max(rate) over (series range between 5 preceding and 5 preceding) as change_5y,
        count(*) over (series range between 1 following and 1 following) > 0 as has_next_year
    from in_system
    window series as (partition by source, cow_code order by year)
),

-- A stretch is a series of yearly changes that are all the same (to a thousandth), from consecutive years.
breaks as (
    select
        *,
        coalesce(abs(change_1y - lag(change_1y) over (partition by source, cow_code order by year)) >= 0.001, true) as starts_stretch
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

-- The year before the first change of a stretch belongs to it too.
runs as (
    select
        *,
        abs(change_1y) < 0.001 as is_flat_change,
        lead(equal_changes) over (partition by source, cow_code order by year) as next_equal_changes,
        abs(lead(change_1y) over (partition by source, cow_code order by year)) < 0.001 as next_is_flat_change
    from measured
),

flagged as (
    select
        *,
        (coalesce(is_flat_change, false) and equal_changes >= 2)
        or (has_next_year and coalesce(next_is_flat_change, false) and next_equal_changes >= 2) as is_flat_run,
        (coalesce(not is_flat_change, false) and equal_changes >= 3)
        or (has_next_year and coalesce(not next_is_flat_change, false) and next_equal_changes >= 3) as is_linear_run,
        change_1y is null and not has_next_year as is_isolated_value,
        (coalesce(not is_flat_change, false) and equal_changes >= 9)
        or (has_next_year and coalesce(not next_is_flat_change, false) and next_equal_changes >= 9) as is_decadal_interpolation,
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
    is_flat_run,
    is_linear_run,
    is_isolated_value,
    is_decadal_interpolation,
    coalesce(preference = min(preference) over (partition by cow_code, year), false) as is_preferred
from flagged
