{# Fails on every label of a source that the mapping seed neither maps nor lists as knowingly unmapped: no country is lost by its spelling. #}
{% test labels_accounted_for(model, column_name, mapping, coding) %}
select distinct source.{{ column_name }}
from {{ model }} as source
left join {{ mapping }} as mapping
    on mapping.coding = '{{ coding }}' and mapping.label = cast(source.{{ column_name }} as varchar)
where mapping.label is null
{% endtest %}
