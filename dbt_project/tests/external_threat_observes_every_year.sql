-- Failure: the model has a threat of 0 for every state in a year. A year without data was read as zeros.
select year
from {{ ref('int_external_threat') }}
group by year
having max(external_threat) = 0
