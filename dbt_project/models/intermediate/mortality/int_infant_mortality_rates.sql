-- Every infant mortality rate of a state in the system, one row per state, year and source.
with gapminder as (
    select * from {{ ref('stg_gapminder__infant_mortality') }}
),

gapminder_2010 as (
    select * from {{ ref('stg_gapminder__infant_mortality_2010') }}
),

world_bank as (
    select * from {{ ref('stg_world_bank__infant_mortality') }}
),

clio_infra as (
    select * from {{ ref('stg_clio_infra__infant_mortality') }}
),

un_igme as (
    select * from {{ ref('stg_un_igme__infant_mortality') }}
),

abouharb_kimball as (
    select * from {{ ref('stg_allen_digiuseppe__state_years') }}
),

mappings as (
    select * from {{ ref('country_mappings') }}
),

spine as (
    select * from {{ ref('int_state_years') }}
),

labelled as (
    {%- for source in ['gapminder', 'gapminder_2010', 'world_bank', 'clio_infra', 'un_igme'] %}
    select
        '{{ source }}' as source,
        label,
        year,
        rate
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

observed as (
    select
        mappings.cow_code,
        labelled.year,
        labelled.source,
        labelled.rate
    from labelled
    inner join mappings
        on {{ mapped_to_state('labelled', 'mappings', 'labelled.source') }}
    union all
    -- The replication file uses COW codes and needs no mapping.
    select
        cow_code,
        year,
        'abouharb_kimball' as source,
        infant_mortality_rate as rate
    from abouharb_kimball
    where infant_mortality_rate is not null
)

select
    observed.cow_code,
    observed.year,
    observed.source,
    observed.rate
from observed
semi join spine
    on observed.cow_code = spine.cow_code and observed.year = spine.year
