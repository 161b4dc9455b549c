-- Disputes in the relevant environment of every state-year: among the state's land neighbours and the major powers of
-- the year. Our choices: "among" means that members of the environment are on both sides of the dispute in that year; a
-- dispute of the state itself in that year does not count, because disputes_ongoing counts it; a state is not part of
-- its own environment. The years are those that disputes, contiguity and major powers all cover (1816-2014).
with spine as (
    select * from {{ ref('int_state_years') }}
),

participation as (
    select * from {{ ref('int_dispute_participation') }}
),

land_borders as (
    select * from {{ ref('int_land_borders') }}
),

dispute_span as (
    {{ dispute_span() }}
),

contiguity_span as (
    {{ contiguity_span() }}
),

covered as (
    select
        spine.cow_code,
        spine.year
    from spine
    cross join dispute_span
    cross join contiguity_span
    where
        spine.year between dispute_span.first_year and dispute_span.last_year
        and spine.year between contiguity_span.first_year and contiguity_span.last_year
        and spine.is_major_power is not null
),

-- The sides that major powers take in each dispute of a year. A major power may remain in its own environment here,
-- because its own disputes are removed below.
majors as (
    select
        participation.dispute_number,
        participation.year,
        bool_or(participation.is_side_a) as on_side_a,
        bool_or(not participation.is_side_a) as on_side_b
    from participation
    inner join spine
        on participation.cow_code = spine.cow_code and participation.year = spine.year
    where spine.is_major_power
    group by participation.dispute_number, participation.year
),

neighbours as (
    select
        covered.cow_code,
        covered.year,
        participation.dispute_number,
        bool_or(participation.is_side_a) as on_side_a,
        bool_or(not participation.is_side_a) as on_side_b
    from covered
    inner join land_borders
        on covered.cow_code = land_borders.cow_code and covered.year = land_borders.year
    inner join participation
        on land_borders.partner_code = participation.cow_code and land_borders.year = participation.year
    group by covered.cow_code, covered.year, participation.dispute_number
),

-- A dispute between major powers concerns every state; every other dispute of the environment has a neighbour in it.
among_members as (
    select
        covered.cow_code,
        covered.year,
        majors.dispute_number
    from covered
    inner join majors
        on covered.year = majors.year
    where majors.on_side_a and majors.on_side_b
    union
    select
        neighbours.cow_code,
        neighbours.year,
        neighbours.dispute_number
    from neighbours
    left join majors
        on neighbours.dispute_number = majors.dispute_number and neighbours.year = majors.year
    where
        (neighbours.on_side_a or coalesce(majors.on_side_a, false))
        and (neighbours.on_side_b or coalesce(majors.on_side_b, false))
),

of_others as (
    select
        among_members.cow_code,
        among_members.year,
        count(*) as disputes
    from among_members
    anti join participation as own
        on among_members.cow_code = own.cow_code
        and among_members.year = own.year
        and among_members.dispute_number = own.dispute_number
    group by among_members.cow_code, among_members.year
)

select
    covered.cow_code,
    covered.year,
    cast(coalesce(of_others.disputes, 0) as integer) as relevant_environment_disputes
from covered
left join of_others
    on covered.cow_code = of_others.cow_code and covered.year = of_others.year
