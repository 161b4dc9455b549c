-- A row here is a year in which the rivals of all states do not add up to an even number: somebody is a rival who has none.
select year, sum(dispute_rivals) as rivals
from {{ ref('int_dispute_rivals') }}
group by year
having sum(dispute_rivals) % 2 <> 0
