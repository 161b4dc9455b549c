-- Land neighbours of every state-year that the contiguity data cover (1816-2016); 0 is the observed zero of an island.
with spine as (
    select * from {{ ref('int_state_years') }}
),

land_borders as (
    select * from {{ ref('int_land_borders') }}
),

contiguity_span as (
    {{ contiguity_span() }}
),

neighbours as (
    select
        cow_code,
        year,
        count(*) as land_neighbours
    from land_borders
    group by cow_code, year
)

select
    spine.cow_code,
    spine.year,
    cast(coalesce(neighbours.land_neighbours, 0) as integer) as land_neighbours
from spine
cross join contiguity_span
left join neighbours
    on spine.cow_code = neighbours.cow_code and spine.year = neighbours.year
where spine.year between contiguity_span.first_year and contiguity_span.last_year
