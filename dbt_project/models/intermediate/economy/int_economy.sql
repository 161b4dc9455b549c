-- Income, population and trade of every state-year that the Maddison Project (to 2018) or COW national trade (1870-2014) observes.
-- Maddison series reach states through seeds/country_mappings_maddison.csv. Trade is under COW codes, but for two breaks that
-- seeds/state_code_corrections.csv mends: West Germany's rows under Germany's code, and Luxembourg's rows that repeat Belgium's.
with maddison as (
    select mapping.cow_code, source.year, source.gdp_per_capita, source.population_thousands
    from {{ ref('stg_maddison__country_years') }} as source
    inner join {{ ref('country_mappings_maddison') }} as mapping
        on source.country_label = mapping.label
        and source.year between mapping.first_year and mapping.last_year
    where source.gdp_per_capita is not null or source.population_thousands is not null
),

trade as (
    select
        case when correction.published_code is null then published.published_code else correction.cow_code end as cow_code,
        published.year,
        published.imports_millions_usd,
        published.exports_millions_usd
    from {{ ref('stg_cow__national_trade') }} as published
    left join {{ ref('state_code_corrections') }} as correction
        on correction.source_table = 'national_trade'
        and published.published_code = correction.published_code
        and published.year between correction.first_year and correction.last_year
    where published.imports_millions_usd is not null or published.exports_millions_usd is not null
)

select
    spine.cow_code,
    spine.year,
    maddison.gdp_per_capita,
    maddison.population_thousands as population_maddison,
    trade.imports_millions_usd,
    trade.exports_millions_usd
from {{ ref('int_state_years') }} as spine
left join maddison on spine.cow_code = maddison.cow_code and spine.year = maddison.year
left join trade on spine.cow_code = trade.cow_code and spine.year = trade.year
where maddison.cow_code is not null or trade.cow_code is not null
