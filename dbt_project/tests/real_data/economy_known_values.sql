with economy as (
    select * from {{ ref('int_economy') }}
),

known (cow_code, year, fact, expected) as (
    values
    (2, 2014, 'gdp_per_capita', 51796.6),
    (260, 1960, 'gdp_per_capita', 12282.0),
    (696, 1991, 'gdp_per_capita', null),  -- 0 in the edition of 2020, empty in that of 2023
    (255, 1860, 'gdp_per_capita', null),  -- Prussia is not the Germany of the series
    (2, 2014, 'imports_millions_usd', 2345185.8),
    (2, 2014, 'exports_millions_usd', 1623420.7),
    (260, 1985, 'imports_millions_usd', 158485.1),  -- published under 255
    (212, 1980, 'imports_millions_usd', null)  -- published as a copy of Belgium's
),

facts as (
    select
        cow_code,
        year,
        'gdp_per_capita' as fact,
        gdp_per_capita as found
    from economy
    union all
    select
        cow_code,
        year,
        'imports_millions_usd' as fact,
        imports_millions_usd as found
    from economy
    union all
    select
        cow_code,
        year,
        'exports_millions_usd' as fact,
        exports_millions_usd as found
    from economy
),

counts as (
    select
        count(gdp_per_capita) as incomes,
        count(population_maddison) as populations,
        count(imports_millions_usd) as imports,
        count(exports_millions_usd) as exports,
        min(year) filter (where imports_millions_usd is not null) as first_trade_year,
        max(year) filter (where imports_millions_usd is not null) as last_trade_year,
        max(year) filter (where gdp_per_capita is not null) as last_income_year
    from economy
),

-- State-years with an income whose population is outside the bounds that the column's description gives.
outside_bounds as (
    select count(*) as state_years
    from economy
    inner join {{ ref('stg_cow__national_capabilities') }} as capabilities
        on economy.cow_code = capabilities.cow_code and economy.year = capabilities.year
    where
        economy.gdp_per_capita is not null
        and economy.year <= 2016
        and not economy.population_maddison / capabilities.total_population_thousands between 0.7 and 1.35
)

select
    known.fact,
    known.cow_code,
    known.year,
    known.expected,
    facts.found
from known
left join facts
    on known.cow_code = facts.cow_code and known.year = facts.year and known.fact = facts.fact
where round(facts.found, 1) is distinct from round(known.expected, 1)
union all
select
    'counts and spans' as fact,
    null as cow_code,
    null as year,
    null as expected,
    null as found
from counts
where
    (incomes, populations, imports, exports, first_trade_year, last_trade_year, last_income_year)
    <> (13065, 13234, 12577, 13069, 1870, 2014, 2022)
union all
select
    'state-years to 2016 outside the bounds' as fact,
    null as cow_code,
    null as year,
    39 as expected,
    state_years as found
from outside_bounds
where state_years <> 39
