import DefaultTheme from 'vitepress/theme'
import './landing.css'

export default DefaultTheme
