-- Income, population and trade of every state-year that the Maddison Project (to 2018) or COW national trade
-- (1870-2014) observes. Maddison series are mapped to states by seeds/country_mappings_maddison.csv. Trade is under COW
-- codes, with two errors that seeds/state_code_corrections.csv corrects: West Germany's rows under Germany's code, and
-- Luxembourg's rows that repeat Belgium's.
with published_maddison as (
    select * from {{ ref('stg_maddison__country_years') }}
),

mappings as (
    select * from {{ ref('country_mappings_maddison') }}
),

published_trade as (
    select * from {{ ref('stg_cow__national_trade') }}
),

corrections as (
    select * from {{ ref('state_code_corrections') }}
    where source_table = 'national_trade'
),

spine as (
    select * from {{ ref('int_state_years') }}
),

maddison as (
    select
        mappings.cow_code,
        published_maddison.year,
        published_maddison.gdp_per_capita,
        published_maddison.population_thousands
    from published_maddison
    inner join mappings
        on {{ mapped_to_state('published_maddison', 'mappings', "'maddison'") }}
    where published_maddison.gdp_per_capita is not null or published_maddison.population_thousands is not null
),

-- A correction without a state drops the rows.
trade as (
    select
        case
            when corrections.published_code is null then published_trade.published_code
            else corrections.cow_code
        end as cow_code,
        published_trade.year,
        published_trade.imports_millions_usd,
        published_trade.exports_millions_usd
    from published_trade
    left join corrections
        on published_trade.published_code = corrections.published_code
        and published_trade.year between corrections.first_year and corrections.last_year
    where published_trade.imports_millions_usd is not null or published_trade.exports_millions_usd is not null
)

select
    spine.cow_code,
    spine.year,
    maddison.gdp_per_capita,
    maddison.population_thousands as population_maddison,
    trade.imports_millions_usd,
    trade.exports_millions_usd
from spine
left join maddison
    on spine.cow_code = maddison.cow_code and spine.year = maddison.year
left join trade
    on spine.cow_code = trade.cow_code and spine.year = trade.year
where maddison.cow_code is not null or trade.cow_code is not null
