-- A row here means that dispute_rivals has left the published models' sumrival1 (Allen and DiGiuseppe 2013): lagged a year it must
-- correlate at 0.91 or more and be equal in 78% of state-years or more. Measured: 0.917 and 78.8% over 12,626 state-years.
-- The comparison ends in 2000: the list behind sumrival1 ends in 2001, and the file goes on with zeros to 2008.
{{ config(tags=['real_data'], meta={'dagster': {'ref': {'name': 'int_dispute_rivals'}}}) }}
with agreement as (
    select
        count(*) as state_years,
        corr(published.dispute_rivals_lagged, ours.dispute_rivals) as correlation,
        avg(cast(published.dispute_rivals_lagged = ours.dispute_rivals as integer)) as share_equal
    from {{ ref('stg_allen_digiuseppe__state_years') }} as published
    inner join {{ ref('int_dispute_rivals') }} as ours
        on published.cow_code = ours.cow_code and published.year = ours.year + 1
    where published.dispute_rivals_lagged is not null and published.year <= 2000
)

select * from agreement where state_years <> 12626 or correlation < 0.91 or share_equal < 0.78
