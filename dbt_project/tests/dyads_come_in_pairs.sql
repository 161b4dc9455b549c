-- A row here is a pair of states of which one dyad-year is missing or tells something else of what the two share; a state's dyad with itself
-- has no mirror image. The two tell the same where their hashes cancel out in the sum of the year's: only what does not is paired.
{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years'}}}) }}
with told as (
    select
        least(cow_code, partner_code) as cow_code,
        greatest(cow_code, partner_code) as partner_code,
        year,
        if(cow_code <= partner_code, 1, -1) as direction,
        row(cinc, polity2, is_major_power) as own,
        row(partner_cinc, partner_polity2, partner_is_major_power) as of_partner,
        row(owes_any, years_since_alliance, contiguity_class, disputes_ongoing, are_dispute_rivals, are_strategic_rivals) as shared
    from {{ ref('dyad_years') }}
),

hashed as (
    select
        cow_code,
        partner_code,
        year,
        direction * cast(
            if(direction = 1, hash(partner_code, shared, own, of_partner), hash(partner_code, shared, of_partner, own)) as hugeint
        ) as facts
    from told
),

unbalanced as (
    select cow_code, year
    from hashed
    group by cow_code, year
    having sum(facts) <> 0
)

select hashed.cow_code, hashed.partner_code, hashed.year
from hashed
inner join unbalanced using (cow_code, year)
group by hashed.cow_code, hashed.partner_code, hashed.year
having sum(hashed.facts) <> 0
