{{ config(tags=['dyads'], meta={'dagster': {'ref': {'name': 'dyad_years', 'version': 1}}}) }}
with sides as (
    select
        least(cow_code, partner_code) as cow_code,
        greatest(cow_code, partner_code) as partner_code,
        year,
        if(cow_code <= partner_code, 1, -1) as direction,
        row(cinc, polity2, is_major_power) as own,
        row(partner_cinc, partner_polity2, partner_is_major_power) as of_partner,
        row(
            owes_any,
            years_since_alliance,
            contiguity_class,
            disputes_ongoing,
            are_dispute_rivals,
            are_strategic_rivals
        ) as shared
    from {{ ref('dyad_years') }}
),

hashed as (
    select
        cow_code,
        partner_code,
        year,
        direction * cast(
            if(
                direction = 1,
                hash(partner_code, shared, own, of_partner),
                hash(partner_code, shared, of_partner, own)
            ) as hugeint
        ) as signed_hash
    from sides
),

unbalanced as (
    select
        cow_code,
        year
    from hashed
    group by cow_code, year
    having sum(signed_hash) <> 0
)

select
    hashed.cow_code,
    hashed.partner_code,
    hashed.year
from hashed
inner join unbalanced using (cow_code, year)
group by hashed.cow_code, hashed.partner_code, hashed.year
having sum(hashed.signed_hash) <> 0
