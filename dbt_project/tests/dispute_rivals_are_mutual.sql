-- Failure: the rivals of all states in a year do not sum to an even number, so that a state is the rival of another but
-- not the other of it.
select
    year,
    sum(dispute_rivals) as rivals
from {{ ref('int_dispute_rivals') }}
group by year
having sum(dispute_rivals) % 2 <> 0
