select
    year,
    sum(strategic_rivals) as rivals
from {{ ref('int_strategic_rivals') }}
group by year
having sum(strategic_rivals) % 2 <> 0
