select
    year,
    sum(dispute_rivals) as rivals
from {{ ref('int_dispute_rivals') }}
group by year
having sum(dispute_rivals) % 2 <> 0
